"""What every face that shows pages needs: texts in the reader's language, forms of values, templates, headers, files.

Rules it keeps:

1. It knows neither an account nor footage: whatever shows pages can stand on it, also where nothing else may be
   reached.
2. Every page carries the same strict headers; a face may only take more away.
3. The look that all of them have (values, elements, parts, icons) is kept here once; what only one face shows is its
   own.
"""
