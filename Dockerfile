# The gateway as an image. Build: docker build -t featuregraph .
# Run: docker run -p 4000:4000 -v "$PWD/shop:/registry:ro" -e FEATUREGRAPH_REGISTRY=/registry/registry.yaml featuregraph

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    # In a container the address of this machine alone is one that nobody can reach.
    HOST=0.0.0.0 \
    FEATUREGRAPH_DATA_DIR=/data
WORKDIR /app
COPY --from=build --chown=node:node /app/package.json ./
COPY --from=build --chown=node:node /app/node_modules ./node_modules
COPY --from=build --chown=node:node /app/dist ./dist
COPY --from=build --chown=node:node /app/examples ./examples
# The only folder it writes to: everything else can be mounted read-only.
RUN install --directory --owner=node --group=node /data
USER node
VOLUME /data
EXPOSE 4000
# Node itself is the process that gets SIGTERM: a shell or npm in between would swallow it and cut requests off.
CMD ["node", "--enable-source-maps", "dist/cli/main.js", "serve"]
