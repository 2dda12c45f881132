"""The window against a service in simulated time, so that what it does under overload can be held exactly."""

from dataclasses import dataclass, field

from enrichment_job.lookups.concurrency_window import ConcurrencyWindow

DEADLINE_S = 0.5
STEP_S = 0.001


@dataclass
class _Request:
    sent_at: float
    asked_at: list[float]
    done_at: float
    under_way: int


@dataclass
class Service:
    """One batch after the other at ``capacity`` keys a second, each ``latency_s`` later; late work is done as well."""

    capacity: float
    latency_s: float = 0.002
    free_at: float = 0.0

    def send(self, keys: int, now: float) -> float:
        self.free_at = max(now, self.free_at) + keys / self.capacity
        return self.free_at + self.latency_s


@dataclass
class Simulation:
    """Newest keys first, at most four requests, as :mod:`enrichment_job.lookups.dispatcher` sends them."""

    service: Service
    window: ConcurrencyWindow = field(default_factory=lambda: ConcurrencyWindow(125, 2_000, DEADLINE_S))
    now: float = 0.0
    waiting: list[float] = field(default_factory=list)
    under_way: list[_Request] = field(default_factory=list)
    due: float = 0.0

    def run(self, rate: float, seconds: float) -> float:
        """Useful answers a second."""
        useful = 0
        until = self.now + seconds
        while self.now < until:
            self.now += STEP_S
            self.due += rate * STEP_S
            self.waiting += [self.now] * int(self.due)
            self.due -= int(self.due)
            useful += self._come_back()
            self.waiting = [asked for asked in self.waiting if self.now - asked < DEADLINE_S]
            self._send()
        return useful / seconds

    def _come_back(self) -> int:
        useful = 0
        for request in list(self.under_way):
            if self.now >= request.done_at:
                self.under_way.remove(request)
                self.window.answered(len(request.asked_at), request.under_way, request.sent_at, self.now)
                useful += sum(self.now - asked < DEADLINE_S for asked in request.asked_at)
            elif self.now - request.asked_at[-1] >= DEADLINE_S:
                self.under_way.remove(request)
                self.window.failed(request.sent_at, self.now)
        return useful

    def _send(self) -> None:
        for request in self.under_way:
            self.window.waiting(request.sent_at, self.now)
        while self.waiting and len(self.under_way) < 4:
            piece = min(500, self.window.keys // 2)
            keys_under_way = sum(len(request.asked_at) for request in self.under_way)
            if keys_under_way + piece > self.window.keys:
                return
            patience = max(0.02, self.window.took_s / 4)
            is_recent = any(self.now - request.sent_at <= patience for request in self.under_way)
            if len(self.waiting) < piece and is_recent:
                return
            taken = self.waiting[-piece:]
            del self.waiting[-piece:]
            done_at = self.service.send(len(taken), self.now)
            self.under_way.append(_Request(self.now, taken, done_at, keys_under_way + len(taken)))
