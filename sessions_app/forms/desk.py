"""What staff send from the desk."""

from django import forms

from sprechstunde.live.presence import Doing

EMOJI = ("👍", "❤️", "🙏", "😊", "✅")


class ReplyForm(forms.Form):
    """A reply. `token` is the browser's name for one press of "send"."""

    text = forms.CharField(strip=False, required=False)
    token = forms.UUIDField()
    last_seen = forms.IntegerField(required=False)
    quoted = forms.IntegerField(required=False)
    despite_colleague = forms.BooleanField(required=False)


class ReactionForm(forms.Form):
    """One of the few emoji on offer; empty takes ours back."""

    emoji = forms.ChoiceField(choices=[(emoji, emoji) for emoji in EMOJI], required=False)


class PresenceForm(forms.Form):
    """What a member of staff does in a conversation."""

    doing = forms.TypedChoiceField(choices=[(each, each) for each in Doing], coerce=Doing)
