"""The report in xUnit's XML: a testcase element per printed assertion, as NFStest does."""
import datetime
import xml.etree.ElementTree as ElementTree


def write(path, results):
    """results: [(testcase, message, 'PASS' | 'FAIL' | 'BUG', detail or None)]."""
    failed = [result for result in results if result[2] == "FAIL"]
    suite = ElementTree.Element("testsuite", {
        "name": "nfstest_posix", "timestamp": str(datetime.datetime.now()),
        "tests": str(len(results)), "errors": "0", "failures": str(len(failed)),
    })
    for testcase, message, label, detail in results:
        element = ElementTree.SubElement(suite, "testcase", {"classname": testcase, "name": message})
        if label == "FAIL":
            ElementTree.SubElement(element, "failure", {"message": detail or message})
    ElementTree.ElementTree(suite).write(path, encoding="unicode", xml_declaration=True)
