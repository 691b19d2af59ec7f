from sessions.admin import closures, courses, dosing, protocols

__all__ = ["closures", "courses", "dosing", "protocols"]
