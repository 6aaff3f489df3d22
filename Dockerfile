# Two images from one file:
#   docker build --target web    -t student-search-web .
#   docker build --target worker -t student-search-worker .
# The worker takes the plain build of torch (with CUDA where there is one). For the small CPU build
# name it and an index that offers it:
#   --build-arg TORCH=torch==2.13.0+cpu --build-arg TORCH_INDEX=…
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    STUDENT_SEARCH_DATA_DIR=/data
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home student-search \
    && install --directory --owner=student-search /data
# The packages first: they stay in the build cache when only the code changes.
COPY pyproject.toml constraints.txt README.md LICENSE ./

FROM base AS web
RUN pip install --constraint constraints.txt ".[service]" \
    && ! python -c "import torch" 2>/dev/null
COPY candidates candidates
COPY search search
COPY service service
COPY migrations migrations
RUN python -c "import service.app"
USER student-search
VOLUME /data
EXPOSE 8000
# Workers run in containers of their own. Inside a container 0.0.0.0 is the container's own address;
# who may reach it is decided where the port is published.
ENV STUDENT_SEARCH_WORKERS=0 STUDENT_SEARCH_HOST=0.0.0.0
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
CMD ["student-search", "serve"]

FROM base AS worker
ARG TORCH=torch==2.13.0
ARG TORCH_INDEX=
RUN pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
    "$TORCH" ".[service,train,cluster]"
COPY candidates candidates
COPY search search
COPY service service
COPY migrations migrations
RUN python -c "import candidates.sources.vision, service.worker, service.cluster_launcher"
USER student-search
VOLUME /data
# The launcher lives as long as its standard input is open: run it with -i (stdin_open in compose).
CMD ["python", "-m", "service.launcher"]
