"""Options in the address of a database that this server does not follow, in small letters."""

from __future__ import annotations

WEAKENING = frozenset(
    """
    tlsinsecure sslinsecure tlsallowinvalidcertificates tlsallowinvalidhostnames tlsdisableocspendpointcheck
    ssl_cert_reqs ssl_match_hostname authmechanismproperties proxyhost proxyport proxyusername proxypassword
    srvservicename
    """.split()
)
"""They switch checks of the other side off, or lead the connection and its password elsewhere."""

OF_FILES = frozenset(
    """
    tlscafile tlscrlfile tlscertificatekeyfile tlscertificatekeyfilepassword ssl_ca_certs ssl_certfile ssl_keyfile
    ssl_crlfile ssl_pem_passphrase
    """.split()
)
"""They name files of this machine: the site's own address may, one that came over the network may not."""
