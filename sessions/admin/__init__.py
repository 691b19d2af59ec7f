from sessions.admin import closures, courses, protocols

__all__ = ["closures", "courses", "protocols"]
