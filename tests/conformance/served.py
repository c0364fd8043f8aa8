"""The cache in front of the proxy, for servers that are processes of their own."""

import os

from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from conformance.runner import CACHE_NAME
from support.reverse_proxy import reverse_proxy
from support.servers import Address

app = HTTPCacheMiddleware(
    reverse_proxy(Address(int(os.environ["CONFORMANCE_ORIGIN_PORT"]))),
    policy=CachePolicy.shared_proxy(),
    cache_status=CACHE_NAME,
)
