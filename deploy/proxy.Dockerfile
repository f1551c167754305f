# Caddy with a limit of requests per address, which the plain image does not have.
FROM caddy:2.10.2-builder AS build
RUN xcaddy build v2.10.2 \
    --with github.com/mholt/caddy-ratelimit@2dc0d586f0b87e983757c403bc0929ddeb84a537
FROM caddy:2.10.2
COPY --from=build /usr/bin/caddy /usr/bin/caddy
