# Astro Runtime 3.3 is Airflow 3.3. A newer patch release is as good: see Astronomer's release notes.
# This image was never built by the project's own checks, which have no Docker; docs/astronomer.md says what
# was checked instead.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12
