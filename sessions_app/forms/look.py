"""Gives form fields the classes that KERN's stylesheet expects."""

from django import forms

CLASSES: dict[type[forms.Widget], str] = {
    forms.CheckboxInput: "kern-form-check__checkbox",
    forms.Select: "kern-form-input__select",
}


class KernLook(forms.BaseForm):
    """A form whose fields are rendered by `templates/_field.html`."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        for field in self.fields.values():
            field.widget.attrs["class"] = CLASSES.get(type(field.widget), "kern-form-input__input")
