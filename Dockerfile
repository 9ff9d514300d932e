# The gateway as an image. Build: docker build -t featuregraph .
# Run: docker run -p 127.0.0.1:4000:4000 -v "$PWD/shop:/registry:ro" \
#        -e FEATUREGRAPH_AUTHENTICATION=/registry/authentication.yaml featuregraph
# On a machine of your own, where the published port is one of this machine alone, requests need no authentication:
# -e FEATUREGRAPH_ALLOW_UNAUTHENTICATED=true in place of the file.
#
# The base is named by its line and not by digest: this line gets the security fixes of Node and Debian when the image is
# built again, a digest only when a commit changes it. What runs is fixed by the digest of the image that was built: name that
# one where you deploy.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# Without the Node of the package `node` (190 MB), which serves npm scripts: the image has its own.
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/node node_modules/.bin/node

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    # In a container the address of this machine alone is one that no other machine can reach. The gateway then starts only with an
    # authentication file.
    HOST=0.0.0.0 \
    FEATUREGRAPH_DATA_DIR=/data \
    # The example's flights are a development dependency and not in here: mount a registry of your own.
    FEATUREGRAPH_REGISTRY=/registry/registry.yaml
WORKDIR /app
COPY --from=build --chown=node:node /app/package.json ./
COPY --from=build --chown=node:node /app/node_modules ./node_modules
COPY --from=build --chown=node:node /app/dist ./dist
# The only folder it writes to: everything else can be mounted read-only.
RUN install --directory --owner=node --group=node /data
USER node
VOLUME /data
EXPOSE 4000
# Node itself is the process that gets SIGTERM: a shell or npm in between would swallow it and cut requests off.
CMD ["node", "--enable-source-maps", "dist/cli/main.js", "serve"]
