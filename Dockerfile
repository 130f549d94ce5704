# Two stages: the wheels are built in the first, and only what runs is in the second.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/garden && /opt/garden/bin/pip install --no-cache-dir .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data garden
COPY --from=build /opt/garden /opt/garden
ENV PATH=/opt/garden/bin:$PATH PYTHONUNBUFFERED=1 GARDEN_DB=/data/garden.db
# By number: Kubernetes cannot tell from a name that it is not root.
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
CMD ["garden", "serve"]
