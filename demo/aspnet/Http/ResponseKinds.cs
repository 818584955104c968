namespace HubshareDemo.Http;

/// <summary>Tells the kinds of responses apart that this server treats in their own way.</summary>
public static class ResponseKinds
{
    public static bool IsUpgrade(HttpResponse response) => response.StatusCode == StatusCodes.Status101SwitchingProtocols;

    public static bool IsEventStream(HttpResponse response) => HasType(response, "text/event-stream");

    /// <summary>What a client asks for; the response shows only later what it is.</summary>
    public static bool WantsEventStream(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase);

    public static bool IsLongLived(HttpResponse response) => IsUpgrade(response) || IsEventStream(response);

    /// <summary>A page or a script: what a content security policy speaks about. A worker obeys the policy of its own script.</summary>
    public static bool IsHtmlOrScript(HttpResponse response) =>
        HasType(response, "text/html") || HasType(response, "text/javascript") || HasType(response, "application/javascript");

    private static bool HasType(HttpResponse response, string type) => response.ContentType?.StartsWith(type, StringComparison.OrdinalIgnoreCase) == true;
}
