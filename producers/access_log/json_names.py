"""Common names of the fields in JSON access logs."""

# Normalised: lower case, without dashes, underscores and other punctuation. The first name with a value is used.
TIME = (
    "timelocal", "timeiso8601", "atimestamp", "timestamp", "datetime", "startutc", "requesttime", "time", "msec", "ts",
    "date", "t",
)  # fmt: skip
CLIENT = (
    "remoteaddr", "remoteip", "clientip", "clientaddr", "clientaddress", "remoteaddress", "clientipaddress", "client",
    "sourceip", "sourceaddress", "ipaddress", "ip", "cip", "client.ip", "client.address", "source.ip",
    "source.address", "request.clientip", "request.remoteip", "request.remoteaddr", "remotehost", "clienthost",
    "realip", "xrealip", "h", "a",
)  # fmt: skip
_PROXIED = ("xforwardedfor", "forwarded", "xrealip", "trueclientip", "cfconnectingip")
FORWARDED = (
    *(f"{before}{name}" for name in _PROXIED for before in ("http", "", "request", "request.headers.", "headers.")),
    "forwardedfor", "httpforwardedfor", "xff", "realip",
    # Logged in addition to the connecting address: by Traefik, Caddy and the Elastic Common Schema.
    "clienthost", "request.clientip", "client.ip", "client.address", "clientip", "clientipaddress",
)  # fmt: skip
"""The client according to proxies; unlike above, all values are used."""
LINE = ("request", "requestline", "httprequest", "r")
METHOD = (
    "requestmethod", "method", "verb", "httpmethod", "csmethod", "request.method", "http.request.method",
    "http.method", "m",
)  # fmt: skip
PATH = (
    "requesturi", "uri", "requestpath", "url", "uripath", "csuristem", "path", "request.uri", "request.url",
    "request.path", "url.original", "url.full", "url.path", "http.url", "u",
)  # fmt: skip
QUERY = ("querystring", "args", "query", "csuriquery", "url.query", "request.query", "q")
PROTOCOL = (
    "serverprotocol", "protocol", "requestprotocol", "httpversion", "csprotocolversion", "request.proto",
    "http.version",
)  # fmt: skip
STATUS = (
    "status", "statuscode", "downstreamstatus", "responsestatus", "responsecode", "responsestatuscode", "httpstatus",
    "httpstatuscode", "response", "code", "scstatus", "response.status", "http.response.statuscode", "s",
)  # fmt: skip
BYTES = (
    "bodybytessent", "bytessent", "downstreamcontentsize", "responsesize", "responsebytes", "bytes", "size",
    "contentlength", "scbytes", "http.response.body.bytes", "http.response.bytes", "b",
)  # fmt: skip
REFERRER = (
    "httpreferer", "httpreferrer", "referer", "referrer", "requestreferer", "csreferer", "request.headers.referer",
    "http.request.referrer", "headers.referer",
)  # fmt: skip
AGENT = (
    "httpuseragent", "useragent", "agent", "requestuseragent", "csuseragent", "request.headers.useragent",
    "useragent.original", "headers.useragent", "ua",
)  # fmt: skip
VISITOR = ("domainuserid",)
HOST = (
    "host", "httphost", "vhost", "virtualhost", "servername", "requesthost", "domain", "xhostheader", "cshost",
    "request.host", "url.domain", "v",
)  # fmt: skip
SCHEME = ("scheme", "requestscheme", "csprotocol", "url.scheme")
PORT = ("serverport", "port")
