"""People who look around, some of whom hold seats and give them back, so that seats do not run out during the test.

At its end it writes a row for the lab's table, and judges: Locust exits with 0 when the system kept its objectives, with 3
when it did not, and with 1 when the scenario itself is wrong.
"""

import random
from collections import Counter

from locust import HttpUser, between, events, task

# the events with the most seats
EVENTS = [3, 5]

MOST_BROKEN = 0.005
MOST_P99_MS = 500
OBJECTIVES_MISSED = 3

answers = Counter()


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


@events.request.add_listener
def count(response=None, **_):
    # without an answer the status is 0
    answers[getattr(response, "status_code", 0) or 0] += 1


@events.quitting.add_listener
def judge(environment, **_):
    if environment.runner is None or environment.runner.exceptions:
        return
    total = environment.stats.total
    options = environment.parsed_options
    broken = sum(number for status, number in answers.items() if status == 0 or status >= 500)
    share = broken / total.num_requests if total.num_requests else 1
    p50, p95, p99 = (total.get_response_time_percentile(part) or 0 for part in (0.5, 0.95, 0.99))
    kept = share <= MOST_BROKEN and p99 <= MOST_P99_MS
    print(
        f"| {options.num_users:g} | {options.spawn_rate:g}/s | {total.total_rps:.1f} | {p50:.0f} | {p95:.0f} | {p99:.0f} "
        f"| {share:.2%} | {answers[409]} | {'kept' if kept else 'missed'} |"
    )
    environment.process_exit_code = 0 if kept else OBJECTIVES_MISSED
