"""The Prefect server that smelt starts, with the packages that constraints.txt pins for it."""

import json
import os
import tempfile
import urllib.error
import urllib.request
from unittest import mock

from small_pipeline import environment, wait_until

from flows.run import prefect_api

BUSY = 503  # the database is; Prefect's own clients ask again
CLIENT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(url, body):
    """The answer's JSON. Asks again while the database is busy; the test's time limit ends that."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    while True:
        try:
            with CLIENT.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != BUSY:
                raise


def test_the_scheduler_makes_the_runs_of_a_deployments_schedule(tmp_path, monkeypatch):
    """What it makes is marked so; creating a deployment makes none."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    often = environment(PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS="1")
    with mock.patch.dict(os.environ, often, clear=True), prefect_api() as url:
        flow = post(f"{url}/flows/", {"name": "smelt"})
        nightly = {
            "name": "nightly",
            "flow_id": flow["id"],
            "schedules": [{"schedule": {"cron": "0 3 * * *"}}],
        }
        post(f"{url}/deployments/", nightly)
        made = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        assert wait_until(lambda: post(f"{url}/flow_runs/filter", made), 60)
        assert all(run["auto_scheduled"] for run in post(f"{url}/flow_runs/filter", made))
