"""A mail server that insists on TLS and a password: server.py CERT KEY STARTTLS_PORT TLS_PORT.

It prints the recipients of each message that it takes, one line for each.
"""
import asyncio
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    async def handle_DATA(self, server, session, envelope):
        for to in envelope.rcpt_tos:
            print(to, flush=True)
        return "250 2.0.0 Ok: queued as 4711"


def check(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"ada" and data.password == b"right"
    return AuthResult(success=good, handled=False)


async def main(cert, key, starttls, implicit):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    common = dict(hostname="mail.example", authenticator=check, auth_required=True, enable_SMTPUTF8=True)
    loop = asyncio.get_running_loop()
    await loop.create_server(
        lambda: SMTP(Handler(), tls_context=context, require_starttls=True, **common), "127.0.0.1", starttls)
    await loop.create_server(
        lambda: SMTP(Handler(), auth_require_tls=False, **common), "127.0.0.1", implicit, ssl=context)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
