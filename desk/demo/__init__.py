"""The demo clinics: two practices with invented people, in every state that the product knows."""
