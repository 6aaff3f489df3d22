from service.openapi_file import FILE, openapi_text


def test_the_api_is_the_one_that_is_described() -> None:
    described = FILE.read_text("utf-8")
    assert described == openapi_text(), "If the change is meant, renew the file: make openapi"
