"""Handing a mail over by SMTP: as smtplib's `sendmail` does, in two round trips instead of four where the server can.

Servers that offer PIPELINING (RFC 2920) take the envelope and DATA in one go.
"""

import smtplib
from contextlib import suppress
from types import CodeType

Reply = tuple[int, bytes]


def hand_over(smtp: smtplib.SMTP, sender: str, recipient: str, mail: bytes) -> None:
    """Hand a mail whose lines all end in CRLF to a server, from and to a bare address.

    Raises what `smtplib.SMTP.sendmail` raises, and ValueError for what is no address.
    """
    smtp.ehlo_or_helo_if_needed()
    if not smtp.has_extn("pipelining"):
        smtp.sendmail(sender, [recipient], mail)
        return
    size = f" SIZE={len(mail)}" if smtp.has_extn("size") else ""
    envelope = (f"MAIL FROM:<{sender}>{size}", f"RCPT TO:<{recipient}>", "DATA")
    if any("\r" in line or "\n" in line for line in envelope):
        raise ValueError("an address would have several lines")
    smtp.send("".join(f"{line}\r\n" for line in envelope).encode("ascii"))
    from_reply, to_reply, data_reply = (smtp.getreply() for _ in envelope)
    if fault := _fault(sender, recipient, from_reply, to_reply, data_reply):
        if data_reply[0] == 354:  # It waits for the content of a mail to nobody (RFC 2920, 3.1).
            with suppress(smtplib.SMTPServerDisconnected):  # What it said before holds all the same.
                smtp.send(b".\r\n")
                smtp.getreply()
        _give_up(smtp, fault, from_reply, to_reply, data_reply)
    reply = _content(smtp, mail)
    if reply[0] != 250:
        _give_up(smtp, smtplib.SMTPDataError(*reply), reply)


def is_content(code: CodeType) -> bool:
    """Whether a frame's code is at sending the content, or at waiting for the answer to it."""
    return code is _content.__code__ or code is smtplib.SMTP.data.__code__


def _fault(
    sender: str, recipient: str, from_reply: Reply, to_reply: Reply, data_reply: Reply
) -> smtplib.SMTPException | None:
    if from_reply[0] != 250:
        return smtplib.SMTPSenderRefused(*from_reply, sender)
    if to_reply[0] not in (250, 251):
        return smtplib.SMTPRecipientsRefused({recipient: to_reply})
    return smtplib.SMTPDataError(*data_reply) if data_reply[0] != 354 else None


def _content(smtp: smtplib.SMTP, mail: bytes) -> Reply:
    # Its only way is a line that begins with a point: it gets a second one (RFC 5321, 4.5.2).
    dotted = b"." + mail if mail.startswith(b".") else mail
    smtp.send(dotted.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    return smtp.getreply()


def _give_up(smtp: smtplib.SMTP, fault: smtplib.SMTPException, *replies: Reply) -> None:
    """Leave the conversation fit for the next mail, or end it where the server is about to (421)."""
    if any(code == 421 for code, _ in replies):
        smtp.close()
    else:
        with suppress(smtplib.SMTPServerDisconnected):
            smtp.rset()
    raise fault
