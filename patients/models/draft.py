"""Files between their preview and the confirmation of an import."""

import json
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Self

from django.conf import settings
from django.db import models

from clinic.models import Clinic, User
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow


class UploadedText(NamedTuple):
    """One file as its sender wrote it."""

    name: str
    text: str


class RefusedFile(NamedTuple):
    name: str
    message: str


class ImportDraftQuerySet(ClinicScopedQuerySet):
    def of(self, user: User) -> Self:
        return self.visible_to(user).filter(user=user)

    def standing(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)

    def expired(self, now: datetime) -> Self:
        return self.filter(expires_at__lte=now)


class ImportDraft(PublicRow):
    """Kept for an hour at most and removed when saved; it is no record, so it leaves no copy in
    the audit trail, and no file lies on a disk."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    content = models.BinaryField()

    objects = ImportDraftQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Import draft {self.pk}"

    @staticmethod
    def pack(files: Iterable[UploadedText], refused: Iterable[RefusedFile]) -> bytes:
        return zlib.compress(json.dumps([list(files), list(refused)]).encode())

    def _unpacked(self) -> tuple[list[list[str]], list[list[str]]]:
        files, refused = json.loads(zlib.decompress(bytes(self.content)))
        return files, refused

    @property
    def files(self) -> list[UploadedText]:
        return [UploadedText(*each) for each in self._unpacked()[0]]

    @property
    def refused(self) -> list[RefusedFile]:
        """The files that were chosen with these and could not be read."""
        return [RefusedFile(*each) for each in self._unpacked()[1]]
