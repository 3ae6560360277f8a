"""What staff send from the desk."""

from django import forms

from sprechstunde.live.presence import Doing

EMOJI = ("👍", "❤️", "🙏", "😊", "✅")


class SeenForm(forms.Form):
    """What was on the screen: `last_seen` is the newest message id."""

    last_seen = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)


class ReplyForm(SeenForm):
    """A reply. `token` is the browser's name for one press of "send"."""

    text = forms.CharField(strip=False, required=False)
    token = forms.UUIDField()
    quoted = forms.IntegerField(required=False)
    despite_colleague = forms.BooleanField(required=False)


class ReactionForm(forms.Form):
    """One of the few emoji on offer; empty takes ours back."""

    emoji = forms.ChoiceField(choices=[(emoji, emoji) for emoji in EMOJI], required=False)


class PresenceForm(forms.Form):
    """What a member of staff does in a conversation."""

    doing = forms.TypedChoiceField(choices=[(each, each) for each in Doing], coerce=Doing)
