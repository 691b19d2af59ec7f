from sessions.admin import courses, protocols

__all__ = ["courses", "protocols"]
