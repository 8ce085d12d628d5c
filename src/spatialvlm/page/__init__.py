"""page: what reports are made of, so that a report says only what is shown.

markup     plain texts are escaped where they enter, markup is taken as it is
document   the page, its sections, panels and tables; document.html and style.css are its clothes, light and dark
axes, charts   rows of bars and marks, plots on two axes, as inline SVG
wording    shares, lengths and long texts as people read them
overlay    masks, boxes and labels drawn onto an image
"""

from spatialvlm.page.axes import SHARES as SHARES
from spatialvlm.page.axes import Axis as Axis
from spatialvlm.page.axes import linear as linear
from spatialvlm.page.axes import logarithmic as logarithmic
from spatialvlm.page.charts import DIAGONAL as DIAGONAL
from spatialvlm.page.charts import DIAMOND as DIAMOND
from spatialvlm.page.charts import DOT as DOT
from spatialvlm.page.charts import STROKE as STROKE
from spatialvlm.page.charts import WIDE as WIDE
from spatialvlm.page.charts import Bar as Bar
from spatialvlm.page.charts import Curve as Curve
from spatialvlm.page.charts import Dots as Dots
from spatialvlm.page.charts import Histogram as Histogram
from spatialvlm.page.charts import Label as Label
from spatialvlm.page.charts import Layer as Layer
from spatialvlm.page.charts import Mark as Mark
from spatialvlm.page.charts import Row as Row
from spatialvlm.page.charts import calibration_plot as calibration_plot
from spatialvlm.page.charts import plot as plot
from spatialvlm.page.charts import row_chart as row_chart
from spatialvlm.page.charts import share_plot as share_plot
from spatialvlm.page.charts import share_row as share_row
from spatialvlm.page.document import Cell as Cell
from spatialvlm.page.document import document as document
from spatialvlm.page.document import fold as fold
from spatialvlm.page.document import heading as heading
from spatialvlm.page.document import legend as legend
from spatialvlm.page.document import note as note
from spatialvlm.page.document import panel as panel
from spatialvlm.page.document import panels as panels
from spatialvlm.page.document import section as section
from spatialvlm.page.document import settings as settings
from spatialvlm.page.document import small as small
from spatialvlm.page.document import table as table
from spatialvlm.page.markup import Markup as Markup
from spatialvlm.page.markup import element as element
from spatialvlm.page.markup import elements as elements
from spatialvlm.page.markup import join as join
from spatialvlm.page.overlay import colour as colour
from spatialvlm.page.overlay import draw_marks as draw_marks
from spatialvlm.page.overlay import draw_objects as draw_objects
from spatialvlm.page.overlay import draw_text as draw_text
from spatialvlm.page.wording import counted as counted
from spatialvlm.page.wording import metres as metres
from spatialvlm.page.wording import percent as percent
from spatialvlm.page.wording import plural as plural
from spatialvlm.page.wording import points as points
from spatialvlm.page.wording import shortened as shortened
