# classical_baselines/harness/measurement.py
"""From a meter to joules per decision: a visit idles, warms up and measures a window; several visits give an interval.

    gross = joules of the window / decisions                                  the device as it is, its idling included
    net   = (joules of the window - idle watts * its seconds) / decisions     never given without gross

A visit takes place in a process of its own, with the network loaded: the work runs once; the device cools down to a
degree of where the first visit found it; the counter's own period is measured; the process sleeps for 30 s and gives
the idle watts; the work runs until its time has settled (at least 5 calls, and the last 3 within a coefficient of
variation of 5 %); then it runs for a window.

A window lasts 10 s or 100 periods of the counter, whichever is longer. A counter that is updated once per period T lags
by 0 to T at either end, so a window of constant power is off by at most T / window: 1 %. A window starts when the
counter has just moved, so that it owes nothing to what came before. One in which the counter moved fewer than 20 times,
or stood still for more than a twentieth of it, is dropped and measured again.

The interval is Student's t over windows, of which there are five or more, each from a visit of its own: so it holds
what differs between idle baselines, temperatures and processes. A window is a sum over many calls, for which t is apt;
BCa of five normal values covers 83 % where it says 95 (1,500 simulated samples).
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean, median, stdev

from classical_baselines.harness.energy import Measured, Unavailable
from classical_baselines.harness.meters import Meter, MeterError

FEWEST_WINDOWS = 5
N_LOOKS = 100  # at the counter during a window or an idle baseline: few, so that they cost nothing


@dataclass(frozen=True)
class Rules:
    """How long and how often; the defaults are the protocol, and nothing less is published."""

    idle_seconds: float = 30.0
    window_seconds: float = 10.0
    window_periods: int = 100
    fewest_updates: int = 20  # of the counter in a window
    fewest_calls: int = 5  # of a warm-up
    most_calls: int = 500
    settled: float = 0.05  # coefficient of variation of the time of the last three calls
    n_tries: int = 3  # at a window
    cool_seconds: float = 300.0  # given at most to a device to cool down
    cool_within: float = 1.0  # degrees of where it was


RULES = Rules()


@dataclass(frozen=True)
class Idle:
    """The device with the network loaded and nothing to do."""

    watts: float
    seconds: float
    n_updates: int


@dataclass(frozen=True)
class Window:
    """The work, over and over."""

    joules: float
    seconds: float
    n_calls: int
    n_updates: int  # of the counter, as far as was looked
    longest_still: float  # seconds between two of them


@dataclass(frozen=True)
class Visit:
    """One process's measurement."""

    period_seconds: float  # of the counter's updates, measured
    idle: Idle
    n_warm_up: int
    latency_cv: float  # of the last three calls of the warm-up
    window: Window
    n_dropped: int


@dataclass(frozen=True)
class DecisionEnergy:
    """Joules per decision over several visits; net stands beside gross, never alone."""

    gross: Measured
    net: Measured


@dataclass(frozen=True)
class SelfTest:
    """Whether a meter follows what the machine does."""

    covers: str  # the meter's own words
    period_seconds: float
    idle_watts: float
    busy_watts: float
    sigmas: float  # busy less idle, in standard deviations of a slice, an update of the counter included
    passed: bool


class _Watched:
    """A meter whose updates are counted, and which must not go backwards."""

    def __init__(self, meter: Meter, clock: Callable[[], float]) -> None:
        self._meter, self._clock = meter, clock
        self._lock = threading.Lock()
        self._error: MeterError | None = None
        self._last = meter.read_joules()
        self._moved_at = clock()
        self.n_updates = 0
        self.longest_still = 0.0  # seconds between two updates

    def start_at_update(self, meanwhile: Callable[[], object], most_seconds: float) -> None:
        """Do something until the counter has just moved, and count updates from here on."""
        started = self._clock()
        while self.n_updates == 0 and self._clock() - started < most_seconds:
            meanwhile()
            self.read()
        with self._lock:
            self.n_updates, self.longest_still, self._moved_at = 0, 0.0, self._clock()

    def read(self) -> float:
        """Joules now."""
        with self._lock:
            if self._error is not None:
                raise self._error
            now = self._meter.read_joules()
            if now < self._last:
                raise MeterError(f"the {self._meter.name} counter went backwards, from {self._last} to {now} J")
            moment = self._clock()
            self.longest_still = max(self.longest_still, moment - self._moved_at)
            if now > self._last:
                self.n_updates += 1
                self._moved_at = moment
            self._last = now
            return now

    def timed(self) -> tuple[float, float]:
        """When the counter was read, half way through the reading, and joules then: a read may take milliseconds."""
        before = self._clock()
        joules = self.read()
        return (before + self._clock()) / 2, joules

    @contextmanager
    def polled(self, every_seconds: float) -> Iterator[None]:
        """Read in a thread meanwhile: where a call may last longer than a wrap, or than many updates."""
        ended = threading.Event()

        def poll() -> None:
            while not ended.wait(every_seconds):
                try:
                    self.read()
                except MeterError as error:
                    self._error = error  # the next read raises it
                    return

        thread = threading.Thread(target=poll, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def visit(
    work: Callable[[], object],
    meter: Meter,
    rules: Rules = RULES,
    *,
    cool_to: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Visit | Unavailable:
    """Measure `work`, which is loaded and ends only when its results are there; `cool_to` is in degrees Celsius."""
    try:
        work()
        if cool_to is not None:
            _cool_down(meter, cool_to, rules, clock, sleep)
        period = update_period(meter, clock=clock)
        if period is None:
            return Unavailable(f"the {meter.name} counter does not move")
        idle = _idle(meter, max(rules.idle_seconds, rules.window_periods * period), clock, sleep)
        n_warm_up, latency_cv, call_seconds = _warm_up(work, rules, clock)
        if latency_cv > rules.settled:
            return Unavailable(
                f"the time of a call still varies by {latency_cv:.0%} after {n_warm_up} calls, where it must settle "
                f"within {rules.settled:.0%}: does anything else run?"
            )
        seconds = max(rules.window_seconds, rules.window_periods * period)
        for n_dropped in range(rules.n_tries):
            window = _window(work, meter, seconds, call_seconds, clock)
            if window.longest_still <= seconds / rules.fewest_updates:  # then it moved as often as that, or more
                return Visit(period, idle, n_warm_up, latency_cv, window, n_dropped)
    except MeterError as error:
        return Unavailable(str(error))
    return Unavailable(
        f"the {meter.name} counter moved {window.n_updates} times in a window of {seconds:g} s and stood still for up "
        f"to {window.longest_still:.2g} s of it; a window needs {rules.fewest_updates}, spread over it"
    )


def per_decision(visits: Sequence[Visit], decisions_per_call: int, meter: str) -> DecisionEnergy:
    """Mean and 95 % interval over the windows of five visits or more."""
    if len(visits) < FEWEST_WINDOWS:
        raise ValueError(f"a measurement needs {FEWEST_WINDOWS} windows or more; got {len(visits)}.")
    gross, net = [], []
    for one in visits:
        n_decisions = one.window.n_calls * decisions_per_call
        gross.append(one.window.joules / n_decisions)
        net.append((one.window.joules - one.idle.watts * one.window.seconds) / n_decisions)
    return DecisionEnergy(_mean(gross, meter), _mean(net, meter))


def update_period(
    meter: Meter, *, n_updates: int = 20, most_seconds: float = 3.0, clock: Callable[[], float] = time.monotonic
) -> float | None:
    """Seconds between two updates of the counter: the median of up to 20; None where it moved less than thrice."""
    started, last = clock(), meter.read_joules()
    moved_at: list[float] = []
    while len(moved_at) <= n_updates and clock() - started < most_seconds:
        now = meter.read_joules()
        if now != last:
            moved_at.append(clock())
            last = now
    gaps = [later - earlier for earlier, later in pairwise(moved_at)]
    return median(gaps) if len(gaps) >= 2 else None


def self_test(
    meter: Meter,
    busy: Callable[[], object],
    *,
    n_slices: int = 5,
    slice_seconds: float = 0.3,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> SelfTest | Unavailable:
    """Idle and busy in turn: their powers must lie 3 standard deviations apart, and the counter never goes back."""
    try:
        period = update_period(meter, clock=clock)
        if period is None:
            return Unavailable("the counter does not move")
        seconds = max(slice_seconds, 10 * period)
        idle_watts, busy_watts = [], []
        for _ in range(n_slices):
            idle_watts.append(_idle(meter, seconds, clock, sleep).watts)
            window = _window(busy, meter, seconds, 0.0, clock)
            busy_watts.append(window.joules / window.seconds)
    except MeterError as error:
        return Unavailable(str(error))
    more = fmean(busy_watts) - fmean(idle_watts)
    lag = fmean(busy_watts) * period / seconds  # a counter that lags by an update is no evidence
    spread = sqrt((stdev(idle_watts) ** 2 + stdev(busy_watts) ** 2) / 2 + lag**2)
    sigmas = more / spread if spread > 0 else 0.0
    return SelfTest(meter.covers, period, fmean(idle_watts), fmean(busy_watts), sigmas, sigmas > 3)


def _idle(meter: Meter, seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> Idle:
    watched = _Watched(meter, clock)
    watched.start_at_update(lambda: sleep(seconds / N_LOOKS), seconds)
    started, before = watched.timed()
    while clock() - started < seconds:
        sleep(seconds / N_LOOKS)
        watched.read()
    ended, after = watched.timed()
    return Idle((after - before) / (ended - started), ended - started, watched.n_updates)


def _cool_down(
    meter: Meter, to_celsius: float, rules: Rules, clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    """Wait; a device that tells no temperature, or does not reach it, is measured as it is."""
    started = clock()
    while clock() - started < rules.cool_seconds:
        heat = meter.conditions().get("temperature_celsius")
        if not isinstance(heat, float) or heat <= to_celsius + rules.cool_within:
            return
        sleep(1.0)


def _warm_up(work: Callable[[], object], rules: Rules, clock: Callable[[], float]) -> tuple[int, float, float]:
    """How many calls it took, the variation of the last three, and the longest of them in seconds."""
    times: list[float] = []
    variation = float("inf")
    while len(times) < rules.most_calls:
        started = clock()
        work()
        times.append(clock() - started)
        last = times[-3:]
        if len(times) >= rules.fewest_calls:
            variation = stdev(last) / fmean(last)
            if variation <= rules.settled:
                break
    return len(times), variation, max(times[-3:])


def _window(
    work: Callable[[], object], meter: Meter, seconds: float, call_seconds: float, clock: Callable[[], float]
) -> Window:
    watched = _Watched(meter, clock)
    look_seconds = seconds / N_LOOKS
    polls = call_seconds > look_seconds or meter.wrap_seconds < 4 * seconds
    with watched.polled(min(look_seconds, meter.wrap_seconds / 4)) if polls else nullcontext():
        watched.start_at_update(work, seconds)
        n_calls = 0
        started, before = watched.timed()
        look_at = started + look_seconds
        while (now := clock()) - started < seconds:
            work()
            n_calls += 1
            if now >= look_at:
                watched.read()
                look_at = now + look_seconds
        ended, after = watched.timed()
    return Window(after - before, ended - started, n_calls, watched.n_updates, watched.longest_still)


def _mean(joules: Sequence[float], meter: str) -> Measured:
    from scipy import special

    half = float(special.stdtrit(len(joules) - 1, 0.975)) * stdev(joules) / sqrt(len(joules))
    mean = fmean(joules)
    return Measured(mean, mean - half, mean + half, meter, len(joules))
