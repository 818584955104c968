namespace HubshareDemo.Auth;

/// <summary>Who wants to sign in. There is no password: it is a demo.</summary>
public sealed record SignInRequest(string? User);
