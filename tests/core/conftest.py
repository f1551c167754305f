"""Settings of the property tests: a busy machine must not fail them."""

from hypothesis import HealthCheck, settings

# The parent is Hypothesis's own profile, which is derandomised where CI is set.
settings.register_profile(
    "unhurried", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")
