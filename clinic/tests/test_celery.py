import os
import subprocess
import sys

from ops.environment import ROOT

ASK = """
from threading import Thread
from clinic.wsgi import application
from reminders.tasks import sweep
Thread(target=lambda: print(sweep.app.conf.broker_url)).start()
"""


def test_a_task_called_by_a_web_thread_goes_to_our_broker():
    environment = {**os.environ, "REDIS_URL": "redis://broker.example/3"}
    command = [sys.executable, "-W", "ignore", "-c", ASK]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert said.stdout.strip() == "redis://broker.example/3"
