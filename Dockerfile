# One image for web, worker, beat and migrations; docker-compose.yml says which one it is.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements.txt
COPY . .
# The key is needed to read the settings and ends with this step.
RUN SECRET_KEY=only-while-building DJANGO_SETTINGS_MODULE=clinic.settings.local \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q .

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=clinic.settings.production
RUN useradd --system --uid 10001 --no-create-home taper
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER taper
EXPOSE 8000
CMD ["gunicorn", "clinic.wsgi", "--preload", "--bind", "0.0.0.0:8000", "--workers", "2", \
     "--threads", "4", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
