"""How passwords of the team are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet).

    Django's default takes 100 MiB a try: a few people who sign in at once would fill a small machine.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1
