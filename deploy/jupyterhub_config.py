"""A class on one machine: accounts of the system, nbgrader's exchange for all, formgrader for the teacher.

deploy/README.md leads through it. Start it with: jupyterhub --config deploy/jupyterhub_config.py
"""

c = get_config()  # noqa: F821  JupyterHub provides it

c.Authenticator.allow_all = True  # whoever has an account on this machine, by PAM
c.Authenticator.admin_users = {"teacher"}
c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # behind a web server that brings the certificate

# Each server is a process of its user.
c.Spawner.default_url = "/lab"
# Formgrader opens in a tab of JupyterLab, which is a frame: a hub forbids frames unless this header allows its own.
c.Spawner.args = ["--ServerApp.tornado_settings={'headers': {'Content-Security-Policy': \"frame-ancestors 'self'\"}}"]
