"""People who look around, some of whom hold seats and give them back, so that seats do not run out during the test."""

import random

from locust import HttpUser, between, task

# the events with the most seats
EVENTS = [3, 5]


class Buyer(HttpUser):
    wait_time = between(0.1, 0.5)

    @task(7)
    def look_at_events(self):
        self.client.get("/events")

    @task(2)
    def reserve(self):
        event = random.choice(EVENTS)
        with self.client.post(
            f"/events/{event}/reserve", json={"quantity": 1}, name="/events/{id}/reserve", catch_response=True
        ) as answer:
            # sold out is an answer, not a failure of the system
            if answer.status_code == 409:
                answer.success()
            reservation = answer.json().get("reservation_id") if answer.ok else None
        if reservation:
            self.client.delete(f"/reserve/{reservation}", name="/reserve/{id}")

    @task(1)
    def ask_for_health(self):
        self.client.get("/health")
