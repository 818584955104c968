namespace HubshareDemo.Http;

/// <summary>The one shape in which this server says no over HTTP: a code to branch on and a message to read.</summary>
public sealed record ErrorBody(string Code, string Message)
{
    public static Task WriteAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(new ErrorBody(code, message), context.RequestAborted);
    }
}
