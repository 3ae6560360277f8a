"""A town's or district's office that holds consultations; it owns one WhatsApp number."""

from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.enums import OutsidePolicy, PicturePolicy


class Land(models.TextChoices):
    """The German Länder by their ISO 3166-2 code."""

    BW = "BW", "Baden-Württemberg"
    BY = "BY", "Bayern"
    BE = "BE", "Berlin"
    BB = "BB", "Brandenburg"
    HB = "HB", "Bremen"
    HH = "HH", "Hamburg"
    HE = "HE", "Hessen"
    MV = "MV", "Mecklenburg-Vorpommern"
    NI = "NI", "Niedersachsen"
    NW = "NW", "Nordrhein-Westfalen"
    RP = "RP", "Rheinland-Pfalz"
    SL = "SL", "Saarland"
    SN = "SN", "Sachsen"
    ST = "ST", "Sachsen-Anhalt"
    SH = "SH", "Schleswig-Holstein"
    TH = "TH", "Thüringen"


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` names a zone of the IANA database."""
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone."), params={"value": value})


class Office(models.Model):
    """One office. Texts left empty fall back to the product's own (sessions_app/wording.py)."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name in addresses"), unique=True)
    host_name = models.CharField(_("who answers"), max_length=120, blank=True)
    land = models.CharField(_("Land"), max_length=2, choices=Land, default=Land.BW)
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="Europe/Berlin", validators=[validate_time_zone]
    )

    display_phone_number = models.CharField(
        _("WhatsApp number"),
        max_length=20,
        validators=[RegexValidator(r"^\+[1-9]\d{6,14}$", _("Write it as +49…, digits only."))],
    )
    phone_number_id = models.CharField(
        _("phone number id at Meta"),
        max_length=32,
        unique=True,
        validators=[RegexValidator(r"^\d+$", _("Digits only."))],
    )
    information_phone = models.CharField(_("phone for questions"), max_length=40, blank=True)
    contact_email = models.EmailField(_("e-mail for other ways to us"), blank=True)
    privacy_url = models.URLField(_("address of the privacy notice"), blank=True)
    imprint_url = models.URLField(_("address of the imprint"), blank=True)

    outside_policy = models.CharField(
        _("messages outside the hour"),
        max_length=8,
        choices=OutsidePolicy,
        default=OutsidePolicy.SILENT,
    )
    picture_policy = models.CharField(
        _("pictures"), max_length=8, choices=PicturePolicy, default=PicturePolicy.ACCEPT
    )
    wrap_up_minutes = models.PositiveSmallIntegerField(
        _("wrap-up in minutes"), default=15, validators=[MaxValueValidator(60)]
    )
    sends_read_receipts = models.BooleanField(_("tell citizens what was read"), default=True)
    sends_typing = models.BooleanField(_("show citizens that somebody types"), default=True)

    greeting = models.TextField(_("greeting"), blank=True, max_length=1000)
    outside_notice = models.TextField(_("notice outside the hour"), blank=True, max_length=1000)
    media_notice = models.TextField(
        _("notice for calls, voice and video"), blank=True, max_length=1000
    )
    picture_notice = models.TextField(
        _("notice for declined pictures"), blank=True, max_length=1000
    )
    farewell = models.TextField(_("farewell"), blank=True, max_length=1000)

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                name="office_wrap_up_at_most_an_hour", condition=models.Q(wrap_up_minutes__lte=60)
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.time_zone)
