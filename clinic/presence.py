"""Prescribers on site: who counts now, arriving, leaving, and taking over from one another."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import Clinic, HandOver, OnSite, PresencePolicy, User
from clinic.ports import Guard
from clinic.refusals import refused_kindly
from clinic.roles import Role
from clinic.words import explains

BE = "clinic.be_on_site"
END = "clinic.end_stay_on_site"
treated: Guard[[int], int] = Guard("treated")
"""How many patients of a clinic had a dose and are still here."""

NOBODY = "No prescriber is registered on site."
CALL_ONE = "Call one: whoever comes registers on the board."


@dataclass(frozen=True, slots=True)
class Site:
    """Who is registered at a clinic at one moment, and what the clinic asks for."""

    now: datetime
    required: bool
    ask_again_minutes: int
    stays: tuple[OnSite, ...]  # open ones, with their persons

    @property
    def here(self) -> tuple[OnSite, ...]:
        """Return those who count: whoever gave no sign of life for too long does not."""
        return tuple(stay for stay in self.stays if not self.is_silent(stay))

    @property
    def is_empty(self) -> bool:
        return not self.here

    @property
    def silent(self) -> tuple[OnSite, ...]:
        return tuple(stay for stay in self.stays if self.is_silent(stay))

    def is_silent(self, stay: OnSite) -> bool:
        until = self.counts_until(stay)
        return until is not None and self.now >= until

    def counts_until(self, stay: OnSite) -> datetime | None:
        if not self.ask_again_minutes:
            return None
        return stay.confirmed_at + timedelta(minutes=self.ask_again_minutes)

    @property
    def changes_at(self) -> datetime | None:
        """Return when the next of those who count is to be asked again."""
        moments = [until for stay in self.here if (until := self.counts_until(stay))]
        return min(moments, default=None)

    def stay_of(self, user: User) -> OnSite | None:
        return next((stay for stay in self.stays if stay.person_id == user.pk), None)

    @property
    def gap(self) -> str:
        """Say that nobody counts, and who is to be asked; empty where somebody does."""
        if not self.is_empty:
            return ""
        if not self.silent:
            return f"{NOBODY} {CALL_ONE}"
        names = " and ".join(str(stay.person) for stay in self.silent)
        return f"No prescriber is confirmed on site: ask {names} to confirm on the board."

    @property
    def warning(self) -> str:
        return self.gap if self.required else ""


def site(now: datetime, policy: PresencePolicy | None, stays: Iterable[OnSite]) -> Site:
    asked = policy or PresencePolicy()
    return Site(now, asked.required, asked.ask_again_minutes, tuple(stays))


def read(clinic_id: int, now: datetime) -> Site:
    stays = OnSite.objects.open().filter(clinic_id=clinic_id).select_related("person")
    return site(now, PresencePolicy.of(clinic_id), stays)


def prescribers(clinic: Clinic) -> list[User]:
    found = User.objects.filter(
        is_active=True,
        memberships__clinic=clinic,
        memberships__role=Role.PRESCRIBER,
        memberships__is_active=True,
    )
    return list(found.order_by("last_name", "username"))


def others(clinic: Clinic, user_pk: int) -> list[User]:
    """Return the other prescribers of the clinic."""
    return [user for user in prescribers(clinic) if user.pk != user_pk]


def arrive(
    clinic: Clinic, *, by: User, since: datetime | None = None, entry: Submission | None = None
) -> OnSite:
    """Register: one tap. Whoever is registered already gives a sign of life by it."""
    with refused_kindly(), acting(by, entry):
        _allow(BE, clinic.pk, by)
        now = clock.now()
        since = since or now
        times.check_happened(since, now, field="since")
        stay = OnSite.objects.open().select_for_update().filter(person=by).first()
        if stay is None:
            return _begin(clinic, by, since, now)
        if stay.clinic_id != clinic.pk:
            text = f"You are registered at {stay.clinic}. Leave there first."
            raise ValidationError(text, code="elsewhere")
        return _confirm(stay, now)


def confirm(pk: int, *, by: User, entry: Submission | None = None) -> OnSite:
    """Give a sign of life."""
    with acting(by, entry):
        stay = _open(pk)
        _allow(BE, stay.clinic_id, by)
        if stay.person_id != by.pk:
            raise ValidationError("Only the person confirms to be here.", code="person")
        return _confirm(stay, clock.now())


def leave(
    pk: int,
    *,
    by: User,
    until: datetime | None = None,
    reason: str = "",
    entry: Submission | None = None,
) -> OnSite:
    """End a stay; the last one to leave treated patients says why nobody takes over."""
    with acting(by, entry):
        stay = _open_alone(pk)
        _allow(BE if stay.person_id == by.pk else END, stay.clinic_id, by)
        now = clock.now()
        until = until or now
        times.check_happened(until, now, field="until")
        if until < stay.since:
            raise ValidationError({"until": "This is before the stay began."})
        if is_last(stay, now) and treated(stay.clinic_id) and not explains(reason):
            text = "Patients are being treated and nobody else is on site: hand over, or say why."
            raise ValidationError({"reason": text}, code="last")
        _answer_open(stay, HandOver.Answer.WITHDRAWN, by, now)
        _end(stay, until, by=by, now=now, reason=reason)
        return stay


def is_last(stay: OnSite, now: datetime) -> bool:
    """Say whether nobody else on site counts."""
    return all(other.pk == stay.pk for other in read(stay.clinic_id, now).here)


def offer(
    pk: int, to: User, *, by: User, note: str = "", entry: Submission | None = None
) -> HandOver:
    """Ask another prescriber to take over; it takes effect when they accept."""
    with refused_kindly(), acting(by, entry):
        stay = _open(pk)
        _allow(BE, stay.clinic_id, by)
        if stay.person_id != by.pk:
            raise ValidationError("Only the person hands over.", code="person")
        if to.pk == by.pk or not to.may(BE, stay.clinic_id):
            raise ValidationError({"to": "Choose another prescriber of this clinic."})
        offered = HandOver.objects.create(
            clinic_id=stay.clinic_id, stay=stay, to=to, note=note.strip(), offered_at=clock.now()
        )
        audit.record("on_site.hand_over_offered", subject=offered, to=to.username)
        return offered


def answer(pk: int, *, accepted: bool, by: User, entry: Submission | None = None) -> HandOver:
    """Accept, which ends the other's stay and begins one's own; or decline; or take it back."""
    with refused_kindly(), acting(by, entry):
        first = HandOver.objects.get(pk=pk)
        _allow(BE, first.clinic_id, by)
        stay = OnSite.objects.select_for_update(of=("self",)).get(pk=first.stay_id)
        hand_over = HandOver.objects.select_for_update(of=("self",)).get(pk=pk)
        if hand_over.answer or stay.until is not None:
            raise StaleVersionError
        if by.pk == stay.person_id and not accepted:
            return _answer(hand_over, HandOver.Answer.WITHDRAWN, by, clock.now())
        if by.pk != hand_over.to_id:
            raise ValidationError("Only the person who was asked answers.", code="person")
        now = clock.now()
        if not accepted:
            return _answer(hand_over, HandOver.Answer.DECLINED, by, now)
        own = OnSite.objects.open().select_for_update(of=("self",)).filter(person=by).first()
        if own is not None and own.clinic_id != stay.clinic_id:
            text = f"You are registered at {own.clinic}. Leave there first."
            raise ValidationError(text, code="elsewhere")
        _ = _confirm(own, now) if own else _begin(stay.clinic, by, now, now)
        _answer(hand_over, HandOver.Answer.ACCEPTED, by, now)
        _end(stay, now, by=by, now=now, reason="")
        return hand_over


def correct(
    pk: int,
    *,
    by: User,
    reason: str,
    since: datetime,
    until: datetime | None = None,
    entered_in_error: bool = False,
    entry: Submission | None = None,
) -> OnSite:
    """Mark a stay as wrong and, unless it never was, write it as it was; both stay readable."""
    with refused_kindly(), acting(by, entry):
        wrong = OnSite.objects.select_for_update(of=("self",)).get(pk=pk)
        _allow(BE, wrong.clinic_id, by)
        if wrong.corrected_at is not None:
            raise StaleVersionError
        now = clock.now()
        if not explains(reason):
            raise ValidationError({"reason": "Say why it is corrected."})
        for name, moment in (("since", since), ("until", until)):
            if moment is not None:
                times.check_happened(moment, now, field=name)
        if until is not None and until < since:
            raise ValidationError({"until": "This is before the stay began."})
        if wrong.until is not None and until is None and not entered_in_error:
            raise ValidationError({"until": "This stay has ended: enter when."})
        wrong.corrected_at, wrong.corrected_by, wrong.correction = now, by, reason.strip()
        wrong.save(update_fields=["corrected_at", "corrected_by", "correction"])
        audit.record("on_site.corrected", subject=wrong, entered_in_error=entered_in_error)
        if entered_in_error:
            _answer_open(wrong, HandOver.Answer.WITHDRAWN, by, now)
            return wrong
        right = OnSite.objects.create(
            clinic_id=wrong.clinic_id,
            person_id=wrong.person_id,
            since=since,
            until=until,
            confirmed_at=wrong.confirmed_at,
            recorded_by=by,
            recorded_at=now,
            ended_by=by if until else None,
            ended_at=now if until else None,
            ending_reason=wrong.ending_reason,
            supersedes=wrong,
        )
        _answer_open(wrong, HandOver.Answer.WITHDRAWN, by, now)
        return right


def _allow(permission: str, clinic_id: int, by: User) -> None:
    if not by.may(permission, clinic_id):
        raise PermissionDenied(permission)


def _open(pk: int) -> OnSite:
    stay = OnSite.objects.select_for_update(of=("self",)).get(pk=pk)
    if stay.until is not None or stay.corrected_at is not None:
        raise ValidationError("This stay has ended already.", code="ended")
    return stay


def _open_alone(pk: int) -> OnSite:
    """Lock the clinic's other stays, too: of two who leave at once, one is the last."""
    of_clinic = OnSite.objects.filter(pk=pk).values("clinic")
    others = OnSite.objects.open().filter(clinic__in=of_clinic).order_by("pk")
    list(others.select_for_update(of=("self",)))
    return _open(pk)


def _begin(clinic: Clinic, by: User, since: datetime, now: datetime) -> OnSite:
    stay = OnSite.objects.create(
        clinic=clinic, person=by, since=since, confirmed_at=now, recorded_by=by, recorded_at=now
    )
    audit.record("on_site.arrived", subject=stay)
    return stay


def _confirm(stay: OnSite, now: datetime) -> OnSite:
    stay.confirmed_at = now
    stay.save(update_fields=["confirmed_at"])
    audit.record("on_site.confirmed", subject=stay)
    return stay


def _end(stay: OnSite, until: datetime, *, by: User, now: datetime, reason: str) -> None:
    stay.until, stay.ended_by, stay.ended_at = until, by, now
    stay.ending_reason = reason.strip()
    stay.save(update_fields=["until", "ended_by", "ended_at", "ending_reason"])
    audit.record("on_site.left", subject=stay)


def _answer_open(stay: OnSite, given: HandOver.Answer, by: User, now: datetime) -> None:
    for hand_over in HandOver.objects.select_for_update(of=("self",)).filter(stay=stay, answer=""):
        _answer(hand_over, given, by, now)


def _answer(hand_over: HandOver, given: HandOver.Answer, by: User, now: datetime) -> HandOver:
    hand_over.answer, hand_over.answered_by, hand_over.answered_at = given, by, now
    hand_over.save(update_fields=["answer", "answered_by", "answered_at"])
    audit.record(f"on_site.hand_over_{given}", subject=hand_over)
    return hand_over
