namespace HubshareDemo.Auth;

/// <summary>A browser cannot set a header on a WebSocket, but it can offer subprotocols: the client offers `signalr` and `bearer.TOKEN`.</summary>
public static class SubprotocolBearer
{
    private const string Prefix = "bearer.";

    /// <summary>For JwtBearerEvents.OnMessageReceived.</summary>
    /// <returns>Null without an offer, and where an Authorization header is sent, which wins: the handler then reads the header.</returns>
    public static string? TokenOf(HttpContext context)
    {
        if (context.Request.Headers.Authorization.Count > 0)
        {
            return null;
        }

        var offer = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        return offer?[Prefix.Length..];
    }

    /// <summary>
    /// For WebSocketOptions.SubProtocolSelector. A browser fails a WebSocket whose server selects none of the offered subprotocols; never
    /// the one with the token, which would come back in the response.
    /// </summary>
    public static string Select(IList<string> offered) => offered.Contains("signalr") ? "signalr" : null!;
}
