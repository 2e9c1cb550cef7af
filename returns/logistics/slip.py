"""The packing slip: what lies in the parcel, with the number as people read it and as a scanner does."""

from io import BytesIO

import segno
from django.utils.translation import gettext as _

from merchants.models import Merchant
from returns.models import Return, ReturnLine


def packing_slip(merchant: Merchant, ret: Return, lines: list[ReturnLine]) -> bytes:
    """A PDF of one page or more, in the language that is active. lines: with what was ordered."""
    from fpdf import FPDF  # with numpy it takes megabytes that most processes never need

    pdf = FPDF(format="A4")
    pdf.set_title(ret.number)
    pdf.set_creation_date(ret.requested_at)  # the same slip has the same bytes
    pdf.set_margin(18)
    pdf.add_page()
    pdf.image(_code(ret.number), x=162, y=16, w=30, alt_text=ret.number)
    pdf.set_font("helvetica", size=10)
    pdf.cell(0, 6, _plain(merchant.name), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", "B", 22)
    pdf.cell(0, 12, _plain(ret.number), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", size=10)
    order = _("Order %(number)s") % {"number": ret.order.number}
    pdf.cell(0, 6, _plain(order), new_x="LMARGIN", new_y="NEXT")
    if ret.destination:
        pdf.cell(0, 6, _plain(ret.destination), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(14)
    pdf.multi_cell(0, 6, _plain(_("Please lay this page into the parcel.")), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)
    with pdf.table(col_widths=(12, 92, 40, 30), text_align=("RIGHT", "LEFT", "LEFT", "LEFT")) as table:
        head = table.row()
        for word in (_("Qty"), _("Item"), _("SKU"), _("Reason")):
            head.cell(_plain(word))
        for line in lines:
            if line.keep or not line.quantity:
                continue
            row, what = table.row(), line.part or line.line
            title = what.title if line.part else f"{line.line.title} {line.line.variant}".strip()
            for text in (str(line.quantity), title, what.sku, line.reason.replace("_", " ")):
                row.cell(_plain(text))
    return bytes(pdf.output())


def _code(number: str) -> BytesIO:
    picture = BytesIO()
    segno.make(number, error="m", micro=False).save(picture, kind="png", scale=8, border=1)
    picture.seek(0)
    return picture


def _plain(text: str) -> str:
    """Text in the letters that every PDF reader has by itself; others become question marks."""
    return text.encode("cp1252", "replace").decode("cp1252")
