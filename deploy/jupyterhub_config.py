"""A class on one machine: accounts of the system, nbgrader's exchange for all, formgrader for the teacher.

deploy/README.md leads through it. Start it with: jupyterhub --config deploy/jupyterhub_config.py
"""

c = get_config()  # noqa: F821  JupyterHub provides it

# Whoever has an account on this machine, by PAM. The teacher is no administrator of the hub: the browser of one may
# open every student's server, and runs what that shows.
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # behind a web server that brings the certificate

# Each server is a process of its user. No page may be put into a frame, which is a hub's default: they all come from
# one address, and so a page of a student's server could use the teacher's. See deploy/README.md.
c.Spawner.default_url = "/lab"
