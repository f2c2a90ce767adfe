"""QuickTicket's visitors, for Locust (lab 10).

    locust -f loadgen/locust/locustfile.py --host http://localhost:3080 --headless -u 50 -r 5 -t 60s --only-summary

Most look around, some reserve a seat of event 3 or 5, few pay for it. A sold-out event (409) is an answer like any
other: it has a line of its own in the table and is no failure, so what Locust calls a failure is a 5xx, a lost
connection, or something that should not be.
"""

import random

from locust import HttpUser, between, task

EVENT_IDS = (3, 5)


class Visitor(HttpUser):
    wait_time = between(0.5, 2)

    @task(6)
    def look_at_all(self):
        self.client.get("/events")

    @task(3)
    def reserve(self):
        self._reserve()

    @task(1)
    def reserve_and_pay(self):
        reservation_id = self._reserve()
        if reservation_id is not None:
            self.client.post(f"/reserve/{reservation_id}/pay", name="/reserve/{id}/pay")

    @task(1)
    def ask_for_health(self):
        self.client.get("/health")

    def _reserve(self):
        """Returns the reservation's id; None when the event is sold out or the request failed."""
        with self.client.post(
            f"/events/{random.choice(EVENT_IDS)}/reserve",
            json={"quantity": 1},
            name="/events/{id}/reserve",
            catch_response=True,
        ) as answer:
            if answer.status_code == 409:
                answer.request_meta["name"] = "/events/{id}/reserve, sold out (409)"
                answer.success()
                return None
            if answer.status_code != 200:
                return None
            return answer.json()["reservation_id"]
