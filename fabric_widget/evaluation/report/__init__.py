"""Reports: stories, comparisons, pages, pictures, JSON.

story_plan     settings of a story
story          rounds with feedback beside the same seeds without
comparison     the same over many tastes, with an interval
results_json   the numbers of a story or a comparison, for JSON
contact_sheet  a story as one picture
page           a story as one self-contained page
study_report   a study as one self-contained page
study_summary  means, intervals, effects of a study
export         a study's results as JSON lines or Parquet
html           the document around every page
thumb_icon     the shape of the thumb
"""
