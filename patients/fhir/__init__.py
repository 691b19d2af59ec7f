"""Reading FHIR R4 files: bytes in, plain records and a report out."""
