"""Uploads with patient data stay in memory: no temporary file is written."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from patients.fhir.reader import Limits

MOST_TOGETHER = 30_000_000


class InMemoryUploadHandler(FileUploadHandler):
    """Keep a file up to one byte over the reader's limit: enough for it to be refused as too large.

    Together the files of a request may take `MOST_TOGETHER`; what comes after is cut off.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.kept_before = 0
        self.content = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept_before += self.content.tell()
        self.content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = min(
            Limits().file_bytes + 1 - self.content.tell(),
            MOST_TOGETHER + 1 - self.kept_before - self.content.tell(),
        )
        self.content.write(raw_data[: max(room, 0)])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        size = self.content.tell()
        self.content.seek(0, 2)
        return InMemoryUploadedFile(
            file=BytesIO(self.content.getvalue()),
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    @property
    def is_full(self) -> bool:
        return self.kept_before + self.content.tell() > MOST_TOGETHER
