"""The floor's one table."""

from django.db import models


class Row(models.Model):
    """What a webhook said, as it came."""

    name = models.CharField(max_length=200, unique=True)
    body = models.TextField()

    def __str__(self) -> str:
        return self.name
