from django.urls import path

from desk.views import board, chart, patients, session, worklist

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
    path("tasks/<uuid:public_id>/close/", worklist.close_task, name="close_task"),
]
