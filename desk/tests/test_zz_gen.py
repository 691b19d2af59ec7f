import pytest
from desk.tests import test_routes as t
from desk.tests.test_routes import *
ROUTES="""healthz -
readyz -
choose_clinic -
desk:board -
desk:board_poll -
desk:patients -
desk:patient_search -
desk:worklist -
desk:chart patient
desk:session planned
desk:session monitored
desk:session_live monitored
desk:close_task task
patients:add -
patients:import -
patients:import_confirm draft
patients:import_discard draft
patients:edit patient
patients:email patient
patients:consent patient
patients:withdraw_consent consent
patients:withdraw_consent mail_consent
patients:screen patient
patients:add_medication patient
patients:stop_medication medicine
patients:add_condition patient
patients:resolve_condition condition
patients:add_allergy patient
patients:add_measure patient
patients:entered_in_error medicine <medicines
patients:entered_in_error condition <conditions
patients:entered_in_error allergy <allergies
patients:entered_in_error measure <measures
sessions:plan patient
sessions:course course
sessions:order course
sessions:rhythm course
sessions:stop course
sessions:place course 2
sessions:move planned
sessions:step planned checked_in
sessions:step planned no_show
sessions:step planned cancelled
sessions:step planned deferred
sessions:step arrived planned
sessions:step arrived cleared
sessions:step arrived left_before_dose
sessions:step cleared checked_in
sessions:step dosing monitoring
sessions:step monitored left_against_advice
sessions:step monitored transferred
sessions:step monitored discharged
sessions:device cleared
sessions:device_correct dose
sessions:infusion cleared
sessions:infusion_change infused
sessions:sit monitored
sessions:sign over
monitoring:predose arrived
monitoring:decide arrived
monitoring:vitals monitored
monitoring:correct vitals
monitoring:missed monitored
monitoring:event monitored
monitoring:resolve event
monitoring:escort monitored
monitoring:assess monitored
monitoring:release monitored"""
def test_gen(house, clinic, client, request):
    out=[]
    for r in ROUTES.splitlines():
        path=address(house,*r.split()); G=[];P=[]
        for a in ACTORS:
            c=Client(raise_request_exception=False)
            if a!="nobody": c.force_login(request.getfixturevalue(a))
            typed = {"clinic": str(clinic.public_id), "status": "planned", "version": "1"}
            G.append(answer(c.get(path)));
            P.append(answer(c.post(path,typed)) if 'discard' not in r else '?')
        out.append(f"{r:<48}| {' '.join(f'{g:>3}' for g in G)} | {' '.join(f'{g:>3}' for g in P)}")
    open('/tmp/taper/attack/table.txt','w').write("\n".join(out))
