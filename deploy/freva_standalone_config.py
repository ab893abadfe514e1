"""A server for the Freva web page alone: jupyter server --config=deploy/freva_standalone_config.py.

The web page (or the nginx before it) passes each request on to /api/chatbot/ with the user's Freva token, as
"Authorization: Bearer ..." or as "x-freva-user-token: ...". Nothing else of Jupyter is served to anybody.
"""

import os

c = get_config()  # noqa: F821 - Jupyter provides it

# Where it listens. nginx stands before it and ends TLS; it sends its own host name, hence allow_remote_access.
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = 8502
c.ServerApp.open_browser = False
c.ServerApp.allow_remote_access = True

# Who its users are, and that they get the assistant and nothing beside it. The server refuses to start without these.
c.ServerApp.identity_provider_class = "jupyter_frevagpt.identity.FrevaIdentityProvider"
c.ServerApp.authorizer_class = "jupyter_frevagpt.identity.FrevaAuthorizer"
c.ServerApp.terminals_enabled = False
c.ServerApp.allow_unauthenticated_access = False
c.ServerApp.jpserver_extensions = {
    "jupyter_frevagpt": True,
    "jupyter_lsp": False,
    "jupyter_server_terminals": False,
    "jupyterlab": False,
    "notebook_shim": False,
}

# The Freva instances that it serves. A request's headers choose one of them as a whole: an address that is not here is
# never asked. "vault" names the database of the instance's chats; without it they are kept in files of this server.
realm = {"rest": os.environ.get("FREVA_REST_URL", "https://www.freva.example.org/api/freva-nextgen/")}
if vault := os.environ.get("FREVA_VAULT_URL"):
    realm["vault"] = vault
if config := os.environ.get("FREVA_CONFIG"):
    realm["config"] = config
c.FrevaIdentityProvider.realms = {"freva": realm}

# Where its users' code runs. It must not be this server's own account, in which one user's code could read another's
# files and this server's memory: a gateway (its token comes from JUPYTER_GATEWAY_AUTH_TOKEN), or a provisioner that
# gives each user an account or a container and c.FrevaIdentityProvider.kernels_are_isolated = True.
c.GatewayClient.url = os.environ.get("JUPYTER_GATEWAY_URL", "http://kernels.example.org:8888")

# If nginx adds x-freva-user-token from the session cookie of the web page, the header proves nothing about the page
# that a request comes from. Then set both of these; what changes anything must be a POST of JSON with an Origin.
# c.FrevaIdentityProvider.token_header_is_ambient = True
# c.ServerApp.disable_check_xsrf = True
