from django.urls import path

from desk.views import board, chart, on_site, patients, rems, requests, session, worklist

app_name = "desk"
urlpatterns = [
    path("", board.board, name="board"),
    path("board/poll/", board.board_poll, name="board_poll"),
    path("patients/", patients.patients, name="patients"),
    path("patients/search/", patients.search, name="patient_search"),
    path("patients/<uuid:public_id>/", chart.chart, name="chart"),
    path("sessions/<uuid:public_id>/", session.session, name="session"),
    path("sessions/<uuid:public_id>/live/", session.session_live, name="session_live"),
    path("worklist/", worklist.worklist, name="worklist"),
    path("on-site/", on_site.register, name="on_site"),
    path("on-site/arrive/", on_site.arrive, name="on_site_arrive"),
    path("on-site/<uuid:public_id>/confirm/", on_site.confirm, name="on_site_confirm"),
    path("on-site/<uuid:public_id>/leave/", on_site.leave, name="on_site_leave"),
    path("on-site/<uuid:public_id>/hand-over/", on_site.hand_over, name="on_site_hand_over"),
    path("on-site/<uuid:public_id>/correct/", on_site.correct, name="on_site_correct"),
    path("on-site/hand-overs/<uuid:public_id>/", on_site.answer, name="on_site_answer"),
    path("rems/", rems.forms, name="rems"),
    path("requests/<uuid:public_id>/", requests.change, name="request"),
    path("requests/<uuid:public_id>/decline/", requests.decline, name="decline_request"),
    path("tasks/<uuid:public_id>/close/", worklist.close_task, name="close_task"),
    path("tasks/<uuid:public_id>/postpone/", worklist.postpone_task, name="postpone_task"),
    path("tasks/<uuid:public_id>/take/", worklist.take_task, name="take_task"),
    path("tasks/<uuid:public_id>/release/", worklist.release_task, name="release_task"),
]
